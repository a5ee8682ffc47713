// A message centre of the npm package `smpp`, which nobody here wrote: it reads what we send, and speaks to us.
// One line of JSON on stdout for everything that happens.
'use strict'
const smpp = require('smpp')
const tell = (fields) => process.stdout.write(JSON.stringify(fields) + '\n')
const taken = []
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
    // Parts of long texts: joined by a header of 8 bits, out of order; of 16 bits; by optional parameters.
    const part = (udh, message) =>
      session.deliver_sm({ ...from, esm_class: 0x40, short_message: { udh: Buffer.from(udh), message } }, answered('part'))
    part([5, 0, 3, 200, 2, 2], '8K2F')
    part([5, 0, 3, 200, 2, 1], 'STATUS ')
    part([6, 8, 4, 1, 44, 2, 1], 'SAL')
    const sar = (nth, message) => session.deliver_sm(
      { ...from, short_message: message, sar_msg_ref_num: 515, sar_total_segments: 2, sar_segment_seqnum: nth }, answered('part'))
    sar(1, 'TOPUP ')
    sar(2, '15')
    // What became of everything that was taken before, in the words of appendix B alone.
    for (const [n, id] of taken.entries()) {
      session.deliver_sm({ ...from, esm_class: 4, short_message: `id:${id} sub:001 dlvrd:000 submit date:2611221005 ` +
        `done date:2611221006 stat:${n ? 'UNDELIV' : 'DELIVRD'} err:001 text:` }, answered('receipt'))
    }
  }
  for (const command of ['bind_transmitter', 'bind_receiver']) session.on(command, bind)
  session.on('enquire_link', (pdu) => session.send(pdu.response()))
  session.on('unbind', (pdu) => { tell({ unbind: true }); session.send(pdu.response()); session.close() })
  session.on('submit_sm', (pdu) => {
    const { message, udh } = pdu.short_message
    tell({ from: pdu.source_addr, to: pdu.destination_addr, message, udh: udh && [...udh[0] ? udh[0] : udh].length,
      receipt: pdu.registered_delivery, coding: pdu.data_coding })
    taken.push(`c${taken.length + 1}`)
    session.send(pdu.response({ message_id: taken[taken.length - 1] }))
  })
})
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }))
