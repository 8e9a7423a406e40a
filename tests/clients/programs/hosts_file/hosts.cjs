'use strict';
// A hosts file for Node: WeChat's host is the gateway on this machine.

const net = require('net');

const WECHAT = 'api.weixin.qq.com';
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function connectByHostsFile(...words) {
  const [first] = words;
  const options = Array.isArray(first) ? first[0] : first; // net.connect normalizes
  if (options && options.host === WECHAT) {
    options.host = '127.0.0.1';
    options.port = process.env.WECHAT_PORT;
  }
  return connect.apply(this, words);
};
