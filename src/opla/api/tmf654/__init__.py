"""The industry's own face: TM Forum TMF654 Prepay Balance Management v4.0.0, on the operations of `api.v1`.

| there                | here                                                                                    |
|----------------------|-----------------------------------------------------------------------------------------|
| partyAccount         | the reseller whose key it is                                                            |
| bucket               | what is topped up: on the SIM the operator's (`proximus`), of the reseller its float    |
| logicalResource      | the number to top up                                                                    |
| product              | one of ours by its sku; without one, the amount says which                              |
| topupBalance         | an order from the float; `amount` in whole currency, `units` the currency               |
| … created            | placed, or paid and on its way                                                          |
| … completed          | delivered                                                                               |
| … failed             | it came to nothing, and nothing was taken                                               |
| … cancelled          | delivered and given back: by PATCH with this status, or DELETE, where nobody saw the code |
| bucket, GET          | the float: what is free of it, and what is reserved                                     |
| accumulatedBalance   | the float: all that is there                                                            |
| balanceActionHistory | what moved on the float                                                                 |

Adjusting, transferring and reserving balances is not offered (405), nor are listeners: the webhooks of v1 are.
"""
