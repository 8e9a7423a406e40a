'use strict';
// wechat-enterprise-api at work; it prints what came of it at each host.
// HOSTS is JSON: a list of objects with url, corpid, secret, agentid and userid.

const fs = require('fs');
const { promisify } = require('util');
const API = require('wechat-enterprise-api');

const CONTENT = Buffer.from(process.env.CONTENT, 'base64');

async function work({ url, corpid, secret, agentid, userid }) {
  const api = new API(corpid, secret, agentid);
  api.prefix = `${url}/cgi-bin/`;
  const ask = (name, ...given) => promisify(api[name]).call(api, ...given);
  const member = await ask('getUser', userid);
  const to = { touser: `${userid}|ghost` };
  const sent = await ask('send', to, { msgtype: 'text', text: { content: '你好' }, safe: '0' });
  fs.writeFileSync('a.txt', CONTENT);
  const stored = await ask('uploadFile', 'a.txt');
  const content = await ask('getMedia', stored.media_id);
  const { department } = await ask('getDepartments');
  const error = await ask('getUser', 'nobody').catch((refused) => refused);
  const ticket = await ask('getTicket');
  return {
    member: member.userid,
    invalid: sent.invaliduser,
    content: content.toString('base64'),
    departments: department.map((each) => each.id),
    tickets: [ticket.ticket],
    error: [error.code, error.message],
  };
}

async function all() {
  const results = [];
  for (const host of JSON.parse(process.env.HOSTS)) results.push(await work(host));
  return results;
}

all().then((results) => console.log(JSON.stringify(results)));
