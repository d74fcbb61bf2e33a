/** Where the text of a cell and of a shared string may stand. */
const TEXTS = new Set(['/t', '/r/t', '/is/t', '/is/r/t']);

/** Tells a text from what stands beside it: how it is pronounced (`rPh`), a formula, and what extensions add. */
export class TextPlace {
  #path = '';

  /** Of a cell, or of a shared string. */
  begin(): void {
    this.#path = '';
  }

  open(name: string): void {
    this.#path += `/${name}`;
  }

  close(name: string): void {
    this.#path = this.#path.slice(0, -name.length - 1);
  }

  get isValue(): boolean {
    return this.#path === '/v';
  }

  get isText(): boolean {
    return TEXTS.has(this.#path);
  }
}
