"""Function that reads bodies of a thousand bytes, and says how much it has read."""

LIMIT = 1000


def handler(environ, start_response):
    if int(environ["CONTENT_LENGTH"]) > LIMIT:
        start_response("413 Too Large", [("X-Own", "dialect")])
        return [b"too large, by the function"]
    body = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [b"read %d" % len(body)]


handler.body_limit = lambda method, path: LIMIT
