// One line as it came from the hub: its envelope, and what its JSON says if it is JSON. It is parsed when it is looked at.

const LEVELS = new Set(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]);

export class Line {
  constructor({ token, topic, partition, offset, time, line }) {
    Object.assign(this, { token, topic, partition, offset, received: time, text: line });
  }

  /** What the JSON of the line has; empty for what is no JSON object. */
  get fields() {
    try {
      const value = JSON.parse(this.text);
      return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
    } catch {
      return {};
    }
  }

  /** As the list shows it: strings only. */
  get shown() {
    const { time, level, service, event, message, correlation_id } = this.fields;
    return {
      time: text(time) || this.received,
      level: LEVELS.has(level) ? level : "",
      service: text(service),
      event: text(event),
      message: text(message) || this.text,
      correlation: text(correlation_id),
    };
  }

  matches(hit) {
    hit.lastIndex = 0;
    if (hit.test(this.text)) return true;
    if (!this.text.includes("\\")) return false;  // JSON writes some characters otherwise than people do
    hit.lastIndex = 0;
    return hit.test(this.shown.message);
  }
}

/** What the hub could not give any more, in the place of what is missing. */
export class Gap {
  constructor({ topic, partition, reason, from, to, count }) {
    this.gap = true;
    const extent = count === null ? `from offset ${from} on` : `${count} offsets, ${from} to ${to}`;
    this.text = `Lines are missing here: ${extent} of ${topic}/${partition} (${reason})`;
  }

  matches() { return false; }
}

function text(value) {
  return typeof value === "string" ? value : "";
}
