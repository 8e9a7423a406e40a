'use strict';
// A message server made of co-wechat in Koa, as co-wechat's README shows it.

const Koa = require('koa');
const wechat = require('co-wechat');

const { APPID, TOKEN, AES_KEY, PORT } = process.env;
const ARTICLE = {
  title: '今日 <&>',
  description: 'd',
  picurl: 'https://img.example.com/p.jpg',
  url: 'https://shop.example.com/a?b=1&c=2',
};

const config = { token: TOKEN, appid: APPID, encodingAESKey: AES_KEY };

const app = new Koa();
app.use(wechat(config).middleware(async (message) => {
  if (message.MsgType === 'text') {
    return message.Content === 'news' ? [ARTICLE] : `you said ${message.Content}`;
  }
  return message.Event === 'CLICK' ? `you chose ${message.EventKey}` : '';
}));
app.listen(Number(PORT), '127.0.0.1');
