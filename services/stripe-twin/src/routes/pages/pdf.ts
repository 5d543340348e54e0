const escapePdf = (text: string): string =>
  text.replaceAll(/[\\()]/g, (character) => `\\${character}`).replaceAll(/[^\x20-\x7e]/g, "?");

const linePoints = 16;
const linesPerPage = 46;

/** A plain one-page PDF of these lines. */
export function pdfOf(lines: readonly string[]): Buffer {
  const text = lines.slice(0, linesPerPage).map((line) => `(${escapePdf(line)}) Tj T*`);
  const content = `BT /F1 11 Tf ${linePoints} TL 50 790 Td\n${text.join("\n")}\nET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  ];
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const count = objects.length + 1;
  return Buffer.from(
    `${body}xref\n0 ${count}\n0000000000 65535 f \n${table}trailer << /Size ${count} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
    "latin1",
  );
}
