// Every host name leads to this machine, as in a network whose DNS is ours.
const dns = require("dns");
const loopback = { address: "127.0.0.1", family: 4 };
dns.lookup = (name, options, done) => {
  done = done || options;
  if (options && options.all) done(null, [loopback]);
  else done(null, loopback.address, loopback.family);
};
