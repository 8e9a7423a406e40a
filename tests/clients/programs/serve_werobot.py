"""Message server made of WeRoBot, as WeRoBot's documentation shows it."""

import os

from werobot import WeRoBot
from werobot.replies import Article, ArticlesReply

robot = WeRoBot(token=os.environ["TOKEN"])
robot.config["SESSION_STORAGE"] = False
if os.environ["AES_KEY"]:
    robot.config["APP_ID"] = os.environ["APPID"]
    robot.config["ENCODING_AES_KEY"] = os.environ["AES_KEY"]


@robot.text
def text(message):
    if message.content != "news":
        return f"you said {message.content}"
    reply = ArticlesReply(message=message)
    reply.add_article(
        Article(
            title="今日 <&>",
            description="d",
            img="https://img.example.com/p.jpg",
            url="https://shop.example.com/a?b=1&c=2",
        )
    )
    return reply


@robot.click
def click(message):
    return f"you chose {message.key}"


robot.run(host="127.0.0.1", port=int(os.environ["PORT"]), server="wsgiref")
