"""The shop people see: server-rendered, complete without JavaScript, better with htmx. Draws; decides nothing."""
