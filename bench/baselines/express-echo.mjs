// Bare Express 5: express.json() and the parsed body back; no credentials, no lookup, no log.
import express from 'express';

const app = express();
app.use(express.json());
app.post('/smartrouting', (request, response) => {
  response.json(request.body);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
