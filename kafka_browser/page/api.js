// Questions to the browser's own API. An answer that is none is an Error with a sentence for people.

export function address(parts, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null));
  const path = "/api/" + parts.map(encodeURIComponent).join("/");
  return search.size ? `${path}?${search}` : path;
}

export async function ask(parts, query, signal) {
  const answer = await fetch(address(parts, query), { signal, headers: { Accept: "application/json" } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(sentence(answer, body));
  return body;
}

function sentence(answer, problem) {
  const fields = (problem.errors ?? []).map((one) => `${one.field}: ${one.message}`.replace(/^: /, ""));
  if (answer.status === 503) return "Kafka does not answer. Is the shop up?";
  return [problem.detail ?? `The answer was ${answer.status}.`, ...fields].join(" ");
}
