// A CRM that finds every number: one contact with the requested number.
import { createServer } from 'node:http';

createServer(({ url }, response) => {
  const phone = new URL(url, 'http://localhost').searchParams.get('phone');
  const body = JSON.stringify({ contacts: [{ id: 1, name: 'Aino Virtanen', phone, tier: 'gold' }] });
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}).listen(Number(process.env.PORT), '127.0.0.1');
