/* Wraps the processor that the next module registers: its messages come from a plan, each at its render quantum. */
const register = globalThis.registerProcessor;
globalThis.registerProcessor = (name, Processor) =>
  register(
    name,
    class extends Processor {
      constructor(options) {
        super(options);
        this.plan = options.processorOptions.plan;
      }

      process(inputs, outputs) {
        const quantum = currentFrame / 128;
        while (this.plan.length && this.plan[0][0] === quantum) {
          const [, messages] = this.plan.shift();
          for (const message of [...messages, { type: "sync", id: quantum }]) this.receive(message);
        }
        return super.process(inputs, outputs);
      }
    },
  );
