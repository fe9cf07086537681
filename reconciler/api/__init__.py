"""The API over HTTP: one `Client` an account, seen by the rest through `protocols.Remote`.

credentials   environment variables → credentials, and the pins that they must meet
token         a fresh JWT for every attempt
rate_limit    a place for every request in the sliding minute
http          one request and its answer, or why there is none: the only importer of the HTTP library
answers       what an answer means: done, refused, or open
error_text    the words in an answer, safe to show
listings      what a read answered → live lists
signin        what to say of a refused sign-in

What to do about an answer to a PUT is decided in `execute`; reads retry by themselves.
"""
