"""The desk: the web application in which an audit unit works, from a finding to a closed case. The only package that knows Django."""
