// Trades the token of the link for a cookie that no script can read. The token stands behind the #, so it is sent to
// nobody but here, and `replace` takes it out of the browser's history.
"use strict";
const said = document.getElementById("said");
fetch("/api/enter", {
  method: "POST",
  headers: {"Content-Type": "application/json"},
  body: JSON.stringify({token: location.hash.slice(1)}),
}).then((answer) => {
  if (answer.ok) location.replace("/");
  else said.textContent = "This link is not valid (any more). Use the one that r1data review has printed last.";
}).catch(() => { said.textContent = "The server does not answer. Is r1data review still running?"; });
