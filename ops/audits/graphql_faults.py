# Schemathesis takes every error of GraphQL for a fault; ours are refusals, unless they say INTERNAL.
import schemathesis


@schemathesis.check
def graphql_faults(ctx, response, case):
    assert response.status_code < 500, f"answered {response.status_code}"
    for error in response.json().get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code not in (None, "INTERNAL"), f"an error without a code of ours: {error}"
