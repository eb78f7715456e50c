# SPDX-License-Identifier: Apache-2.0
# An order every half second: a row in the database, a line in the log once the row is there for good, and a page.
set -u
trap 'exit 0' TERM
psql -X -q -c 'CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, placed timestamptz DEFAULT now())' || exit 1
while :; do
  if order=$(psql -X -q -A -t -c 'INSERT INTO orders DEFAULT VALUES RETURNING id' 2>/dev/null); then
    echo "order $order" >>/app/logs/today.log
    echo "order $order"
    echo "<p>$order orders</p>" >/site/index.html.new && mv /site/index.html.new /site/index.html
  else
    echo "the database is away" >&2
  fi
  sleep 0.5 &
  wait $!
done
