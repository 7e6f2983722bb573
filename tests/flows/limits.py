"""How large a record a topic takes, changed while it is used, as an operator does it."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType


async def limit(bootstrap_servers: str, topic: str, most: int) -> None:
    """`topic` by its full name. The other settings that the topic was made with go back to the broker's."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        settings = {"max.message.bytes": str(most)}
        (answer,) = await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, settings)])
        assert [resource[0] for resource in answer.resources] == [0], answer
    finally:
        await admin.close()
