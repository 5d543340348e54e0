import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { api, bodyOf } from "../../api/client.ts";
import { orgsQuery } from "../../api/queries.ts";
import { org as words } from "../../copy/org.ts";
import { TextField } from "../../ui/field.tsx";
import { Form, textOf } from "../../ui/form.tsx";
import { PageHeading, Panel } from "../../ui/panel.tsx";
import { Loaded } from "../../ui/states.tsx";
import { pathIn } from "../../ui/workspace.ts";

/** The orgs of a person, and a way to one more. */
export function Orgs() {
  const query = useQuery(orgsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = async (form: FormData): Promise<void> => {
    const { id } = await bodyOf(api.POST("/api/orgs", { body: { name: textOf(form, "name") } }));
    await queries.invalidateQueries({ queryKey: ["orgs"] });
    await navigate(pathIn("/org", id));
  };
  return (
    <>
      <PageHeading title={words.noneTitle} lead={words.noneLead} />
      <Loaded query={query}>
        {({ items }) => (
          <ul className="panels">
            {items.map(({ id, name }) => (
              <li key={id} className="panel row apart">
                <h2>{name}</h2>
                <Link to={pathIn("/org", id)}>{words.open}</Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <Panel title={words.create}>
        <Form submit={words.create} act={create}>
          <TextField label={words.name} name="name" required maxLength={100} />
        </Form>
      </Panel>
    </>
  );
}
