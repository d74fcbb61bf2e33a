import { once } from 'node:events';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';

export interface Visit {
  /** Common name of the server's certificate. */
  readonly name: string;
  readonly resumed: boolean;
  readonly session: Buffer | undefined;
}

/**
 * A connection to 127.0.0.1; resolves when the server has answered 200 on it, so TLS 1.3 has had its tickets and refusals.
 * @throws when it is closed, or answers something else
 */
export async function visitTls(port: number, options: ConnectionOptions = {}): Promise<Visit> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let session: Buffer | undefined;
  socket.on('session', (latest) => (session = latest));
  try {
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject ?? { CN: '' };
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await Promise.race([once(socket, 'data'), closed(socket)])) as [Buffer];
    if (!answer.toString().includes('HTTP/1.1 200')) throw new Error(`answered: ${answer.toString()}`);
    return { name: CN as string, resumed: socket.isSessionReused(), session };
  } finally {
    socket.destroy();
  }
}

async function closed(socket: TLSSocket): Promise<never> {
  await once(socket, 'close');
  throw new Error('closed without an answer');
}
