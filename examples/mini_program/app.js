// A mini program that signs its user in at the gateway; no AppSecret is near it.
const GATEWAY = 'http://127.0.0.1:8080' // in WeChat's console: a "request" domain
const CLIENT_ID = 'demo'
const APPID = '' // needed if the client has several mini programs

App({
  globalData: {session: null},

  onLaunch() {
    wx.login({success: ({code}) => this.signIn(code)})
  },

  signIn(code) {
    const data = {js_code: code, client_id: CLIENT_ID}
    if (APPID) data.appid = APPID
    wx.request({
      url: `${GATEWAY}/login/miniprogram`,
      method: 'POST',
      data,
      success: ({statusCode, data}) => {
        if (statusCode !== 200) return wx.showToast({title: data.error, icon: 'none'})
        this.globalData.session = data.session_token
        this.askWho()
      },
    })
  },

  askWho() {
    wx.request({
      url: `${GATEWAY}/login/me`,
      header: {Authorization: `Bearer ${this.globalData.session}`},
      success: ({data}) => wx.showToast({title: data.sub, icon: 'none'}),
    })
  },
})
