// A service in Node without any library: who follows the account.
//
// GATEWAY=http://127.0.0.1:8080 APPID=wx… SECRET=demo_… node examples/node_service.mjs
const {GATEWAY, APPID, SECRET} = process.env

async function ask(path, parameters) {
  const answer = await fetch(`${GATEWAY}${path}?${new URLSearchParams(parameters)}`)
  const content = await answer.json()
  if (content.errcode) throw new Error(`${path}: ${content.errcode} ${content.errmsg}`)
  return content
}

const {access_token} = await ask('/cgi-bin/token', {
  grant_type: 'client_credential', appid: APPID, secret: SECRET,
})
const followers = await ask('/cgi-bin/user/get', {access_token})
console.log(`${followers.total} followers`)
