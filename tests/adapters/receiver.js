// A reseller's program with the npm package `standardwebhooks`, which nobody here wrote: it takes what it can verify.
// argv: its secret. One line of JSON on stdout for everything that comes.
'use strict'
const http = require('http')
const { Webhook } = require('standardwebhooks')
const tell = (fields) => process.stdout.write(JSON.stringify(fields) + '\n')
const known = new Webhook(process.argv[2])
const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    try {
      tell({ id: request.headers['webhook-id'], told: known.verify(Buffer.concat(parts), request.headers) })
      response.writeHead(204).end()
    } catch (why) {
      tell({ refused: why.constructor.name, why: String(why.message) })
      response.writeHead(400).end('not ours')
    }
  })
})
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }))
