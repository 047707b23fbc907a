"""Upload a published folder to a hub:  python push.py --folder DIR --repository owner/name [--private]

The token is huggingface_hub's own: HF_TOKEN, or what `hf auth login` has stored. Prints {"url"} when everything is there.
Exits   0 done  ·  2 no token, or the hub refuses  ·  1 the hub cannot be reached
"""

import argparse
import json
import sys
from pathlib import Path

from weights import say_error


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--repository", required=True)
    parser.add_argument("--private", action="store_true")
    args = parser.parse_args()
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not get_token():
        say_error("hub-token-missing", "There is no token for the hub. Set HF_TOKEN to one that may write, or run `hf auth login`, then publish again with --push.")
        return 2
    api = HfApi()
    try:
        url = api.create_repo(args.repository, private=args.private, exist_ok=True)
        api.upload_folder(repo_id=url.repo_id, folder_path=args.folder, commit_message="Published by Whetstone")
    except HFValidationError as error:
        return refused(str(error))
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status >= 500:
            return unreachable(f"it answers {status}")
        return refused(f"{status}: {str(error).splitlines()[0]}" if status != 401 else "401: the token is not valid, or may not write there")
    except (OSError, ConnectionError) as error:
        return unreachable(f"{type(error).__name__}")
    except Exception as error:  # the client's own errors of the network are of many kinds, and not all of them OSErrors
        if "onnect" in type(error).__name__ or "Timeout" in type(error).__name__ or "Offline" in type(error).__name__:
            return unreachable(type(error).__name__)
        raise
    print(json.dumps({"url": str(url)}), flush=True)
    return 0


def refused(why: str) -> int:
    say_error("hub-refused", f"The hub refuses the upload ({why}). The folder is whole on this machine: publish again with --push, or upload it by hand.")
    return 2


def unreachable(why: str) -> int:
    say_error("hub-unreachable", f"The hub cannot be reached ({why}). The folder is whole on this machine: publish again with --push when it can.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
