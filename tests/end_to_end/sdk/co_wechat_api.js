'use strict';
// co-wechat-api at work; it prints what came of it. GATEWAY_URL is the gateway, or empty.

const API = require('co-wechat-api');

const { GATEWAY_URL, APPID, SECRET, OPENID, PICTURE } = process.env;

const api = new API(APPID, SECRET);
if (GATEWAY_URL) {
  api.prefix = `${GATEWAY_URL}/cgi-bin/`;
}

async function work() {
  const user = await api.getUser(OPENID);
  const template = await api.addTemplate('TM00015');
  const first = { value: '你好' };
  const sent = await api.sendTemplate(OPENID, template.template_id, '', '', { first });
  await api.createMenu({ button: [{ type: 'click', name: '今日歌曲', key: 'V1' }] });
  const { menu } = await api.getMenu();
  const picture = Buffer.from(PICTURE, 'base64');
  const media = await api.uploadMedia(picture, 'image', 'a.jpg', 'image/jpeg');
  const downloaded = await api.getMedia(media.media_id);
  const error = await api.getUser('o-nobody').catch((refused) => refused);
  return {
    subscribe: user.subscribe,
    msgid: Number(sent.msgid),
    button: menu.button[0].name,
    picture: downloaded.toString('base64'),
    error: [error.code, error.message],
  };
}

work().then((result) => console.log(JSON.stringify(result)));
