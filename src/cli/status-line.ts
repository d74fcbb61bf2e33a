type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

const TO_START_AND_ERASE = '\r\u001b[K';

/** One line of a terminal that says how far a command is. Nothing is written where nobody watches: to a file or pipe. */
export class StatusLine {
  #isShown = false;

  constructor(private readonly terminal: Terminal) {}

  show(text: string): void {
    if (!this.terminal.isTTY) return;
    // A text that wraps cannot be erased. The last column stays empty, because some terminals wrap behind it.
    this.terminal.write(`${TO_START_AND_ERASE}${text.slice(0, (this.terminal.columns || 80) - 1)}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.terminal.write(TO_START_AND_ERASE);
    this.#isShown = false;
  }
}
