"""What others call: webhooks and return addresses. They wake whoever fetches the state; they never change one."""
