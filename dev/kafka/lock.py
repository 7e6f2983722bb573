"""`python -m dev.kafka.lock`: resolves jgo.toml and writes jgo.lock.toml. Called by scripts/lock alone."""

from pathlib import Path
from tempfile import TemporaryDirectory

from jgo.env import EnvironmentSpec, LockFile
from jgo.maven import MavenContext

from dev.kafka.jars import LOCK

SPEC = LOCK.with_name("jgo.toml")


def main() -> None:
    spec = EnvironmentSpec.load(SPEC)
    with TemporaryDirectory() as repository:
        context = MavenContext(repo_cache=Path(repository))
        wanted = [context.create_dependency(coordinate) for coordinate in spec.coordinates]
        named, pulled_in = context.resolver.resolve(wanted)
        LockFile.from_resolved_dependencies(named + pulled_in, environment_name=spec.name).save(LOCK)
    print(f"{LOCK.name}: {len(named + pulled_in)} jars")


if __name__ == "__main__":
    main()
