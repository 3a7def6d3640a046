/* Give `buffers` back now rather than at some later garbage collection: they are sent to a port that nobody listens at.
 * Measured in Chromium (benchmarks/engine.py), where `ArrayBuffer.prototype.transfer` gives nothing back as long as the
 * browser's own wrapper of the buffer waits to be collected. The buffers are empty afterwards.
 */
export function discard(buffers) {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  try {
    port1.postMessage(null, [...new Set(buffers)]);
  } catch {
    // a browser that does not part with them collects them by itself
  }
  port1.close();
}
