'use strict';
// A message server made of co-wechat in Koa; POST /open opens what is for WeChat.

const Koa = require('koa');
const wechat = require('co-wechat');
const Crypt = require('wechat-crypto');

const { APPID, TOKEN, AES_KEY, WECHAT_TOKEN, WECHAT_AES_KEY } = process.env;

const REPLIES = {
  text: '你好 <&>',
  image: { type: 'image', content: { mediaId: 'm' } },
  voice: { type: 'voice', content: { mediaId: 'm' } },
  video: { type: 'video', content: { mediaId: 'm', title: 't', description: 'd' } },
  music: { title: 't', description: 'd', musicUrl: 'u', hqMusicUrl: 'h' },
  news: [{ title: 't', description: 'd', picurl: 'p', url: 'u' }],
  transfer_customer_service: { type: 'customerService', kfAccount: 'kf@test' },
  nothing: '',
};

const serve = wechat({ token: TOKEN, appid: APPID, encodingAESKey: AES_KEY })
  .middleware(async (message) => REPLIES[message.Content]);
const account = new Crypt(WECHAT_TOKEN, WECHAT_AES_KEY, APPID);

const app = new Koa();
app.use(async (context, next) => {
  if (context.path !== '/open') return next();
  const parts = [];
  for await (const part of context.req) parts.push(part);
  const { timestamp, nonce, encrypt } = JSON.parse(Buffer.concat(parts).toString());
  context.body = {
    signature: account.getSignature(timestamp, nonce, encrypt),
    ...account.decrypt(encrypt),
  };
});
app.use(serve);
const server = app.listen(0, '127.0.0.1', () => {
  console.log(server.address().port);
});
