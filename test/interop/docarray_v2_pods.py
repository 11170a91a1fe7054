"""As jina_pods.py, with DocArray v2."""

from jina_pods import main

if __name__ == '__main__':
    main()
