// Runs a mini program's app.js with a `wx` of its own: login by a given js_code.
import {readFileSync} from 'node:fs'
import vm from 'node:vm'

const [file, gateway, appid, code] = process.argv.slice(2)
const source = readFileSync(file, 'utf8')
  .replace('http://127.0.0.1:8080', gateway)
  .replace("const APPID = ''", `const APPID = '${appid}'`)

const wx = {
  login: ({success}) => success({code}),
  showToast: ({title}) => console.log(title),
  async request({url, method = 'GET', data, header = {}, success}) {
    const body = data && JSON.stringify(data)
    const headers = {'Content-Type': 'application/json', ...header}
    const answer = await fetch(url, {method, headers, body})
    success({statusCode: answer.status, data: await answer.json()})
  },
}
vm.runInNewContext(source, {wx, App: (app) => app.onLaunch.call(app)})
