// Which lines are asked for, as it stands in the fragment of the page's address: a link shows the same.

export const FIELDS = ["service", "event", "user", "correlation_id"];  // several values by comma
const LEVELS = ["debug", "info", "warning", "error", "critical"];

/** {service: [...], event: [...], user: [...], correlation_id: [...], level} from "#service=a,b&level=warning". */
export function filtersOf(fragment) {
  const asked = new URLSearchParams(fragment.replace(/^#/, ""));
  const level = (asked.get("level") ?? "").toLowerCase();
  const filters = { level: LEVELS.includes(level) ? level : "" };
  for (const field of FIELDS) filters[field] = unique((asked.get(field) ?? "").split(","));
  return filters;
}

/** As the hub takes it in a query. */
export function queryOf(filters) {
  const query = {};
  for (const field of FIELDS) if (filters[field].length > 0) query[field] = filters[field].join(",");
  if (filters.level) query.level = filters.level;
  return query;
}

export function fragmentOf(filters, more = {}) {
  return new URLSearchParams({ ...queryOf(filters), ...more }).toString();
}

/** The correlation id whose story is linked to, if one is. */
export function storyOf(fragment) {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("story") ?? "";
}

/** The view that is linked to, if it is not the stream. */
export function viewOf(fragment) {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("view") ?? "";
}

export function isFiltered(filters) {
  return Object.keys(queryOf(filters)).length > 0;
}

/** A value with a comma would be two: it can't be asked for. */
export function canFilter(field, value) {
  return field === "level" ? LEVELS.includes(value.toLowerCase()) : FIELDS.includes(field) && unique([value])[0] === value;
}

export function withValue(filters, field, value) {
  if (field === "level") return { ...filters, level: value.toLowerCase() };
  return { ...filters, [field]: unique([...filters[field], ...value.split(",")]) };
}

export function withoutValue(filters, field, value) {
  if (field === "level") return { ...filters, level: "" };
  return { ...filters, [field]: filters[field].filter((one) => one !== value) };
}

function unique(values) {
  return [...new Set(values.map((value) => value.trim()).filter((value) => value !== "" && !value.includes(",")))];
}
