"""WeRoBot's client at work; it prints what came of it."""

import io
import json
import os

from werobot.client import Client, ClientException

client = Client({"APP_ID": os.environ["APPID"], "APP_SECRET": os.environ["SECRET"]})
picture = io.BytesIO(bytes.fromhex(os.environ["PICTURE"]))
picture.name = "图.jpg"

user = client.get_user_info(os.environ["OPENID"])
client.create_menu({"button": [{"type": "click", "name": "今日歌曲", "key": "V1"}]})
menu = client.get_menu()["menu"]
media = client.upload_media("image", picture)
downloaded = client.download_media(media["media_id"]).content
try:
    client.get_user_info("o-nobody")
except ClientException as refused:
    error = str(refused)

print(
    json.dumps(
        {
            "subscribe": user["subscribe"],
            "button": menu["button"][0]["name"],
            "picture": downloaded.hex(),
            "error": error,
        }
    )
)
