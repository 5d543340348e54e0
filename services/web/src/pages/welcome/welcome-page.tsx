import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { listModels } from "../../api/complete.ts";
import { welcome } from "../../copy/welcome.ts";
import { samplesOf } from "../../domain/samples.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Samples } from "../../ui/code.tsx";
import { TextField } from "../../ui/field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { NewKey } from "../../ui/new-key.tsx";
import { useOrigin } from "../../ui/origin.ts";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { TryIt } from "./try-it.tsx";

const placeholder = { key: "$TOPDOG_KEY", model: "$MODEL" };

export function Page() {
  const [key, setKey] = useState<string | null>(null);
  const origin = useOrigin();
  const models = useQuery({
    queryKey: ["models", key],
    queryFn: () => listModels(key ?? ""),
    enabled: key !== null,
  });
  const model = models.data?.[0] ?? placeholder.model;
  return (
    <>
      <PageHeading
        title={welcome.title}
        lead={welcome.lead}
        action={<ButtonLink to="/dashboard">{welcome.next}</ButtonLink>}
      />
      <Panel title={welcome.keyTitle} hint={welcome.keyLead}>
        {key === null ? <CreateKey onCreated={setKey} /> : <NewKey secret={key} />}
      </Panel>
      <Panel title={welcome.clientTitle} hint={welcome.clientLead}>
        <Samples label={welcome.clients} samples={samplesOf({ origin, key: key ?? placeholder.key, model })} />
      </Panel>
      {key !== null && (
        <Panel title={welcome.tryTitle} hint={welcome.tryLead}>
          <Loaded query={models}>{(known) => <TryIt secret={key} models={known} />}</Loaded>
        </Panel>
      )}
    </>
  );
}

function CreateKey({ onCreated }: { readonly onCreated: (key: string) => void }) {
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (name: string) => bodyOf(api.POST("/api/keys", { body: { name } })),
    onSuccess: ({ key }) => {
      onCreated(key);
      return queries.invalidateQueries({ queryKey: ["keys"] });
    },
  });
  return (
    <Form submit={welcome.create} act={(form) => create.mutateAsync(textOf(form, "name"))}>
      <TextField label={welcome.keyName} name="name" defaultValue={welcome.keyDefault} required maxLength={100} />
    </Form>
  );
}
