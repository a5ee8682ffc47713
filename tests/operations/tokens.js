// What emupos' tokenizer, which nobody here wrote, makes of slips: a simulated receipt printer in Python 3.13, run by
// pyodide. argv: the wheel, and a file with a slip in hex a line. One line of JSON for each: the tokens in their order.
'use strict'
const fs = require('fs')
const { loadPyodide } = require('pyodide')
const READ = `
import json, sys
sys.path.insert(0, '/emupos')
from emupos.printer.escpos.tokenizer import Command, Text, Tokenizer
def told(token):
    if isinstance(token, Text):
        return {'text': token.data.hex()}
    if isinstance(token, Command):
        return {'command': token.name, 'params': token.params.hex(), 'data': token.data.hex()}
    return {'unknown': token.raw.hex()}
reader = Tokenizer()
tokens = [told(token) for token in reader.feed(bytes.fromhex(sent))]
tail = reader.close()
json.dumps([*tokens, *([told(tail)] if tail else [])])
`
const main = async () => {
  const python = await loadPyodide()
  python.unpackArchive(new Uint8Array(fs.readFileSync(process.argv[2])), 'wheel', { extractDir: '/emupos' })
  for (const sent of fs.readFileSync(process.argv[3], 'utf8').trim().split('\n')) {
    python.globals.set('sent', sent)
    process.stdout.write(python.runPython(READ) + '\n')
  }
}
main()
