"""The counter: what a clerk sells on a tablet of ours, and the page that makes a tablet ours."""
