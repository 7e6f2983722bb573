// Shows something anew every few seconds, as long as its view is open and somebody can see it.

const EVERY = 3000; // milliseconds: a person sees it move, Kafka does not notice

export function again(signal, look) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      await look();
    } catch {
      // what was shown stays; the next look may succeed
    }
  }, EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
}
