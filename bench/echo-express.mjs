// Baseline "bare Express echo": express.json() and the parsed body back; no authentication, no lookup, no log.
import express from 'express';

const app = express();
app.use(express.json());
app.post('/smartrouting', (request, response) => {
  response.json(request.body);
});
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.on('SIGTERM', () => process.exit(0));
