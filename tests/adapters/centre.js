// A message centre of the npm package `smpp`, which nobody here wrote: it reads what we send, and speaks to us.
// One line of JSON on stdout for everything that happens.
'use strict'
const smpp = require('smpp')
const tell = (fields) => process.stdout.write(JSON.stringify(fields) + '\n')
const server = smpp.createServer((session) => {
  session.on('error', (why) => tell({ error: String(why) }))
  const bind = (pdu) => {
    const right = pdu.system_id === 'opla' && pdu.password === 'secret8'
    tell({ bind: pdu.command, right, version: pdu.interface_version })
    session.send(pdu.response({ command_status: right ? 0 : smpp.ESME_RBINDFAIL }))
    if (!right || pdu.command !== 'bind_receiver') return
    const answered = (name) => (answer) => tell({ answered: name, status: answer.command_status })
    const from = { source_addr_ton: 1, source_addr_npi: 1, source_addr: '32470123456', destination_addr: '8811' }
    session.deliver_sm({ ...from, data_coding: 0, short_message: 'STATUS {8K2F} €' }, answered('latin'))
    session.deliver_sm({ ...from, data_coding: 8, short_message: '余额' }, answered('chinese'))
    session.deliver_sm(
      { ...from, esm_class: 4, short_message: 'id:m1 sub:001 dlvrd:001 submit date:2611221005 done date:2611221006 ' +
        'stat:DELIVRD err:000 text:Hello', receipted_message_id: 'm1', message_state: 2 },
      answered('receipt'))
  }
  for (const command of ['bind_transmitter', 'bind_receiver']) session.on(command, bind)
  session.on('enquire_link', (pdu) => session.send(pdu.response()))
  session.on('unbind', (pdu) => { tell({ unbind: true }); session.send(pdu.response()); session.close() })
  session.on('submit_sm', (pdu) => {
    const { message, udh } = pdu.short_message
    tell({ from: pdu.source_addr, to: pdu.destination_addr, message, udh: udh && [...udh[0] ? udh[0] : udh].length,
      receipt: pdu.registered_delivery, coding: pdu.data_coding })
    session.send(pdu.response({ message_id: 'm1' }))
  })
})
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }))
