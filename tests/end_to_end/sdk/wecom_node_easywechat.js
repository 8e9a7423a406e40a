'use strict';
// node-easywechat's client of WeCom at work; it prints what came of it at each host.
// HOSTS is JSON: a list of objects with url, corpid, secret, agentid and userid.

const FormData = require('form-data');
const { Work } = require('node-easywechat');

const CONTENT = Buffer.from(process.env.CONTENT, 'base64');

async function work({ url, corpid, secret, agentid, userid }, number) {
  const app = new Work({
    corp_id: corpid,
    secret,
    http: { baseURL: `${url}/` },
    file_cache: { path: `${process.cwd()}/${number}` },
  });
  const client = app.getClient();
  const get = async (path, params) => (await client.get(path, { params })).toObject();
  const member = await get('cgi-bin/user/get', { userid });
  const message = { touser: `${userid}|ghost`, agentid, msgtype: 'text', text: { content: '你好' } };
  const sent = (await client.post('cgi-bin/message/send', { json: message })).toObject();
  const formData = new FormData();
  formData.append('media', CONTENT, { filename: 'a.txt', contentType: 'text/plain' });
  const stored = await client.post('cgi-bin/media/upload', { params: { type: 'file' }, formData });
  const downloaded = await client.get('cgi-bin/media/get', {
    params: { media_id: stored.toObject().media_id },
    responseType: 'arraybuffer',
  });
  const { department } = await get('cgi-bin/department/list');
  const error = await get('cgi-bin/user/get', { userid: 'nobody' });
  return {
    member: member.userid,
    invalid: sent.invaliduser,
    content: downloaded.toDataUrl().split(',')[1],
    departments: department.map((each) => each.id),
    tickets: [await app.getTicket().getTicket(), await app.getTicket().getAgentTicket(agentid)],
    error: [error.errcode, error.errmsg],
  };
}

async function all() {
  const results = [];
  for (const [number, host] of JSON.parse(process.env.HOSTS).entries()) {
    results.push(await work(host, number));
  }
  return results;
}

all().then((results) => console.log(JSON.stringify(results)));
