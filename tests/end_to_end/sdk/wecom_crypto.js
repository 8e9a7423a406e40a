'use strict';
// @wecom/crypto as the judge: reads JSON from standard input, prints JSON.
// Of each {key, encrypt, token, timestamp, nonce} it tells signature, message and id; of
// each {key, message, id} the ciphertext, which it also signs; of each {ticket, url,
// timestamp, nonceStr} the signature of a page.

const { decrypt, encrypt, getJsApiSignature, getSignature } = require('@wecom/crypto');

function judge(work) {
  if (work.ticket !== undefined) return getJsApiSignature(work);
  const { key, token, timestamp, nonce, encrypt: given, message, id } = work;
  if (given === undefined) {
    const made = encrypt(key, message, id);
    return { encrypt: made, signature: getSignature(token, timestamp, nonce, made) };
  }
  const signature = getSignature(token, timestamp, nonce, given);
  const opened = decrypt(key, given);
  return { signature, message: opened.message, id: opened.id };
}

const work = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(work.map(judge)));
