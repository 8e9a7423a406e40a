'use strict';
// node-easywechat at work; it prints what came of it. GATEWAY_URL is the gateway, or empty.
// With the argument "download" it saves media under the name that comes with it.

const fs = require('fs');
const FormData = require('form-data');
const { OfficialAccount } = require('node-easywechat');

const { GATEWAY_URL, APPID, SECRET, OPENID, PICTURE } = process.env;

const app = new OfficialAccount({
  app_id: APPID,
  secret: SECRET,
  http: GATEWAY_URL ? { baseURL: `${GATEWAY_URL}/` } : {},
  file_cache: { path: process.cwd() },
});
const client = app.getClient();

async function get(path, params) {
  return (await client.get(path, { params })).toObject();
}

async function post(path, json) {
  return (await client.post(path, { json })).toObject();
}

async function upload(picture) {
  const formData = new FormData();
  formData.append('media', picture, { filename: 'a.jpg', contentType: 'image/jpeg' });
  const answer = await client.post('cgi-bin/media/upload', {
    params: { type: 'image' },
    formData,
  });
  return answer.toObject().media_id;
}

async function work() {
  const user = await get('cgi-bin/user/info', { openid: OPENID });
  const template = await post('cgi-bin/template/api_add_template', {
    template_id_short: 'TM00015',
  });
  const sent = await post('cgi-bin/message/template/send', {
    touser: OPENID,
    template_id: template.template_id,
    data: { first: { value: '你好' } },
  });
  await post('cgi-bin/menu/create', {
    button: [{ type: 'click', name: '今日歌曲', key: 'V1' }],
  });
  const { menu } = await get('cgi-bin/menu/get');
  const media = await upload(Buffer.from(PICTURE, 'base64'));
  const downloaded = await client.get('cgi-bin/media/get', {
    params: { media_id: media },
    responseType: 'arraybuffer',
  });
  const error = await get('cgi-bin/user/info', { openid: 'o-nobody' });
  return {
    subscribe: user.subscribe,
    msgid: sent.msgid,
    button: menu.button[0].name,
    picture: downloaded.toDataUrl().split(',')[1],
    error: [error.errcode, error.errmsg],
  };
}

async function download() {
  const media = await upload(Buffer.from(PICTURE, 'base64'));
  const answer = await client.get('cgi-bin/media/get', {
    params: { media_id: media },
    responseType: 'arraybuffer',
  });
  const [, name] = /filename="([^"/]+)"$/.exec(answer.getHeader('content-disposition') || '') || [];
  if (!name) return { media, name: null };
  return { media, name, saved: fs.readFileSync(answer.saveAs(name)).toString('base64') };
}

const verb = process.argv[2] === 'download' ? download : work;
verb().then((result) => console.log(JSON.stringify(result)));
