// HTTP by hand, for where its bytes matter.
import { connect } from 'node:net';
import { BODY, KEY, PATH, VIP } from './call.mjs';

/** @param number the caller, of the length that all have */
export function rawCall(port, number) {
  const body = BODY.replace('+35840#######', number);
  return (
    `POST ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
    `X-Benemen-APIKey: ${KEY}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** Bytes of the answer at the beginning of `text`; 0 while it is not complete. */
export function answerLength(text) {
  const headers = text.indexOf('\r\n\r\n');
  if (headers < 0) return 0;
  const body = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0;
  const length = headers + 4 + Number(body);
  return text.length < length ? 0 : length;
}

/** Bytes of the answer to a VIP's call, on a connection that is kept. */
export function vipAnswerBytes({ port, name }) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(rawCall(port, VIP)));
    let text = '';
    socket.setEncoding('latin1');
    socket.setTimeout(5_000, () => socket.destroy(new Error(`${name} does not answer`)));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      const length = answerLength(text);
      if (length === 0) return;
      socket.destroy();
      if (text.startsWith('HTTP/1.1 200 ')) resolve(length);
      else reject(new Error(`${name} answers a VIP with ${text.split('\r\n', 1)[0]}`));
    });
  });
}
