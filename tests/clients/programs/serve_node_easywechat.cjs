'use strict';
// A message server made of node-easywechat, as its documentation shows it.

const http = require('http');
const { OfficialAccount, ServerRequest } = require('node-easywechat');

const { APPID, TOKEN, AES_KEY, PORT } = process.env;
const NEWS = {
  MsgType: 'news',
  ArticleCount: 1,
  Articles: {
    item: [{
      Title: '今日 <&>',
      Description: 'd',
      PicUrl: 'https://img.example.com/p.jpg',
      Url: 'https://shop.example.com/a?b=1&c=2',
    }],
  },
};

async function answer(request) {
  // An application is for one request.
  const app = new OfficialAccount({
    app_id: APPID, secret: 'none', token: TOKEN, aes_key: AES_KEY,
  });
  app.setRequest(await ServerRequest.createFromIncomingMessage(request));
  const server = app.getServer();
  server.addMessageListener('text', async ({ Content }) => (
    Content === 'news' ? NEWS : `you said ${Content}`
  ));
  server.addEventListener('CLICK', async ({ EventKey }) => `you chose ${EventKey}`);
  return server.serve();
}

http.createServer(async (request, response) => {
  try {
    const answered = await answer(request);
    response.writeHead(answered.getStatusCode(), answered.getHeaders());
    response.end(answered.getBody().toString());
  } catch (error) {
    console.error(error);
    response.writeHead(500);
    response.end('error');
  }
}).listen(Number(PORT), '127.0.0.1');
