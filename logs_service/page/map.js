// The map of the shop: its places, the arrows between them, and which arrows a message has taken. ./shop new-service adds
// a service in the row at the foot; move it to where it looks well.

/** Where they are drawn, as middle points; a topic is drawn as a pill, everybody else as a box. */
export const PLACES = {
  people: { x: 76, y: 200, words: "you, a browser" },
  users_service: { x: 278, y: 60, service: true },
  payments_service: { x: 278, y: 200, service: true },
  inventories_service: { x: 278, y: 370, service: true },
  notifications_service: { x: 694, y: 200, service: true },
  logs_service: { x: 694, y: 370, service: true },
  inventories: { x: 230, y: 285, topic: true },
  stock: { x: 326, y: 285, topic: true },
  notifications: { x: 500, y: 200, topic: true },
  logs: { x: 866, y: 200, topic: true },
};

export const SERVICES = Object.keys(PLACES).filter((name) => PLACES[name].service);

/** `head`: where the point of the arrow is, and its direction in degrees; `rate`: where the number stands, and how. */
export const ARROWS = [
  { from: "people", to: "users_service",
    path: "M110,172 C130,110 150,60 194,60", head: [194, 60, 0], rate: [126, 96, "end"] },
  { from: "people", to: "payments_service",
    path: "M136,200 H194", head: [194, 200, 0], rate: [165, 192, "middle"] },
  { from: "users_service", to: "notifications",
    path: "M362,60 C440,60 500,100 500,180", head: [500, 180, 90], rate: [484, 92, "start"] },
  { from: "payments_service", to: "notifications",
    path: "M362,200 H438", head: [438, 200, 0], rate: [400, 192, "middle"] },
  { from: "inventories_service", to: "notifications",
    path: "M362,370 C440,370 500,320 500,220", head: [500, 220, -90], rate: [484, 328, "start"] },
  { from: "payments_service", to: "inventories",
    path: "M230,234 V266", head: [230, 266, 90], rate: [222, 255, "end"] },
  { from: "inventories", to: "inventories_service",
    path: "M230,304 V334", head: [230, 334, 90], rate: [222, 324, "end"] },
  { from: "inventories_service", to: "stock",
    path: "M326,336 V304", head: [326, 304, -90], rate: [334, 324, "start"] },
  { from: "stock", to: "payments_service",
    path: "M326,266 V234", head: [326, 234, -90], rate: [334, 255, "start"] },
  { from: "notifications", to: "notifications_service",
    path: "M562,200 H606", head: [606, 200, 0], rate: [584, 192, "middle"] },
  { from: "notifications_service", to: "logs",
    path: "M778,200 H840", head: [840, 200, 0], rate: [809, 192, "middle"] },
  { from: "logs", to: "logs_service",
    path: "M866,220 C866,330 840,370 784,370", head: [784, 370, 180], rate: [866, 312, "start"] },
  { from: "logs_service", to: "people",
    path: "M694,404 V432 H76 V230", head: [76, 230, -90], rate: [480, 425, "middle"] },
].map((arrow) => ({ ...arrow, name: nameOf(arrow.from, arrow.to) }));

/** Topics beside `logs` whose records take arrows of their own. */
export const TOPICS = ["inventories", "stock"];

const THROUGH = {
  inventories: [nameOf("payments_service", "inventories"), nameOf("inventories", "inventories_service")],
  stock: [nameOf("inventories_service", "stock"), nameOf("stock", "payments_service")],
};
const AS_A_LINE = [
  nameOf("notifications", "notifications_service"),
  nameOf("notifications_service", "logs"),
  nameOf("logs", "logs_service"),
  nameOf("logs_service", "people"),
];
// What somebody asked for by HTTP; everything else follows from events.
const ASKED = new Set(["users.registered", "users.logged_in", "payments.accepted", "payments.declined"]);

/** The names of the arrows that this message has taken, by its topic and, of a log line, by what happened where. */
export function arrowsOf(topic, { service, event }) {
  if (topic in THROUGH) return THROUGH[topic];
  const told = PLACES[service]?.service ? [nameOf(service, "notifications")] : [];
  return [...(ASKED.has(event) ? [nameOf("people", service)] : []), ...told, ...AS_A_LINE];
}

function nameOf(from, to) {
  return `${from}>${to}`;
}
