// The gateway: a proxy with the addresses of the services written down.
// Its connections are kept alive, which http-proxy by itself does not do.
import http from "node:http";
import httpProxy from "http-proxy";

const proxy = httpProxy.createProxyServer({ agent: new http.Agent({ keepAlive: true }) });
proxy.on("error", (error, _request, response) => {
  response.writeHead(502).end(error.message);
});

const targets = {
  auth: process.env.AUTH_URL,
  products: process.env.PRODUCT_URL,
};

http
  .createServer((request, response) => {
    const [, service, ...rest] = request.url.split("/");
    if (!targets[service]) {
      response.writeHead(404).end();
      return;
    }
    request.url = `/${rest.join("/")}`;
    proxy.web(request, response, { target: targets[service] });
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
